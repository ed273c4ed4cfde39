"""What every resource gets."""
