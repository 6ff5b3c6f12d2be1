"""Files whose content is kept outside the database: what the database knows of them."""
