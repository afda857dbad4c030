"""Tests of the pages with a real Chromium; `make test-browser` runs them. `steps` says what they are written with."""
