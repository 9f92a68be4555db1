### Die Leiste oben, und was auf jeder Seite steht.

language = Sprache
theme = Farben: { $theme }
theme-auto = auto
theme-dark = dunkel
theme-light = hell
