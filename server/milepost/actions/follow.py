"""Who follows the writer inside its transaction: guides, tickets, checkpoints."""

from milepost.actions.checkpoints import follow_checkpoints
from milepost.actions.intake_group import Follower
from milepost.actions.progress import follow_guides
from milepost.actions.signals import follow_tickets

FOLLOWERS: tuple[Follower, ...] = (follow_guides, follow_tickets, follow_checkpoints)
