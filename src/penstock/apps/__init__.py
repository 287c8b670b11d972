"""Thin surfaces over the same verbs: command line, and later HTTP, web and MCP. No rules here."""
