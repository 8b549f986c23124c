"""What a model gets wrong on data whose truth is known: tables, drawings and maps, for every task."""
