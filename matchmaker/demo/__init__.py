"""A fictitious territory of our own: firms and notices that exist nowhere, in the formats of the real ones.

Everything here but ``write`` is pure: same seed, same date and same communes give the same bytes.
"""
