"""The portrait renderer: `portrait.PortraitRenderer` turns weights and a head pose into frames."""
