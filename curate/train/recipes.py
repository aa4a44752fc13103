"""How the two models are built and trained; docs/model.md says what else was tried."""

from typing import Final

from curate.train.fit import Recipe

RECIPES: Final = {
    "text": Recipe(),
    "html": Recipe(
        dilations=(1, 2, 4, 8),
        rows=(),
        epochs=8,
        decay=0.05,
        feature_dropout=0.0,
        group_dropout=0.2,
        chrome_dropout=0.3,
        smoothing=0.01,
        length_power=0.5,
        by_page=True,
        page_f1=1.0,
        nets=2,
    ),
}
