"""What the pages show: figures turned into words, lines and tables. Templates only lay them out."""
