"""Who follows the writer inside its transaction: guides, tickets, contacts, checkpoints."""

from milepost.actions.checkpoints import follow_checkpoints
from milepost.actions.contacts import follow_contacts
from milepost.actions.intake_group import Follower
from milepost.actions.progress import follow_guides
from milepost.actions.signals import follow_tickets

FOLLOWERS: tuple[Follower, ...] = (follow_guides, follow_tickets, follow_contacts, follow_checkpoints)
