{ services.holdfast.clanSettings.takeOver = true; }
