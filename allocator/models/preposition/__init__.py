"""Pre-positioning: reserves where and before they are needed, against scenarios."""
