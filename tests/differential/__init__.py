"""Random rivers and data, and the driver that runs kernels over them."""
