"""The durable story: one file a workflow. The only code that Temporal replays."""
