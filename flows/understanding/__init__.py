"""What a reply means, in its parts; `flows.understand` is the door to them."""
