"""How good an answer is: PSNR beside the published tables, the round trip, and what was removed.

Nothing here draws: `commands` prints what is measured, `pages` shows it.
"""
