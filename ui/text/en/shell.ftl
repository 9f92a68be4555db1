### The bar on top, and what stands on every page.

language = Language
theme = Theme: { $theme }
theme-auto = auto
theme-dark = dark
theme-light = light
