"""The fast formulations, one decision a package; models/ at the top says what each of them is."""
