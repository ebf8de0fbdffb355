"""The sample book of Linden HR's customers: who they are, and what their people did each day."""
