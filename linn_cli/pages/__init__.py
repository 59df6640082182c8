"""Results as pages: one HTML file each that opens from disk, holds all it shows and asks the network for nothing.

`html` fills a template, `embedding` puts pictures into it, and each other module makes one kind of page.
"""
