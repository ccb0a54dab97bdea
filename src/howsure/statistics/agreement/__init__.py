"""Agreement of raters beyond chance, with intervals that hold for few items and at full agreement."""
