{ services.holdfast.enable = true; }
