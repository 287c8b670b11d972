"""The chip table: raw dense rates, dies, memory and links as published, with source and confidence per row; nothing computed."""
