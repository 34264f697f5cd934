"""Sets Takepart up: asks for what is needed, tries each answer at once, and writes all of it in the end."""
