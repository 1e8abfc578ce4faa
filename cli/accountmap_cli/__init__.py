"""The command line of accountmap: click commands over the library's public names."""
