"""How rows are grouped: each block, and each of many blocks, has bounds of its own."""

BLOCK = 64  # rows
SUPER = 32  # blocks
