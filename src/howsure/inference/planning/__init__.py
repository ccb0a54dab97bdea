"""What a plan rests on (assumptions, a pilot) and what that promises."""
