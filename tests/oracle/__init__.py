"""What rivers mean, evaluated plainly: the answer that every kernel is compared with."""
