"""Token vectors beyond any one stage: how they are packed, compared, and summed up."""
