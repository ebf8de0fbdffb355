"""Who follows the writer inside its transaction: guides, tickets, checkpoints."""

from milepost.actions.intake_group import Follower

FOLLOWERS: tuple[Follower, ...] = ()
