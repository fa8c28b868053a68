"""nagare: turns river files, chains of stream operators, into single-pass fused SIMD C kernels."""

__version__ = "0.1.0"
