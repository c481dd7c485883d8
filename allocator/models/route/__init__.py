"""Last-mile routes: who visits which stop, when, and on which trip."""
