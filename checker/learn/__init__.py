"""What a learner sees and does: screens, hints, progress."""
