"""Pages in Markdown, and in `docs.site` what makes a site of them."""
