"""What drawings are measured by: layers, sheets, sides, facts, rules, findings. Pure."""
