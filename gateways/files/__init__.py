"""Files that people attach: what their content is, whether a scanner knows them, and the store that keeps them."""
