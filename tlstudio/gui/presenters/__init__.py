"""One presenter a pane: turns its signals into edits of the project and jobs, and what is known into its setters."""
