"""What pages share: filters, headings, what a page is given, what is said while something is away."""
