"""Series with a class or a number each, as the UEA/UCR archive has them."""

from collections import Counter
from typing import Any, final

from zoo.data.reading.archive_files import ENDINGS
from zoo.data.time_series_archive import TimeSeriesArchive
from zoo.init.balance import balance
from zoo.init.forms import FORMS
from zoo.init.found import Asked, Form, Found, counted
from zoo.init.sizes import STOPS, batch_for, classifier, epochs_for, regressor, trainer
from zoo.init.source import Source


@final
@FORMS.register("archive")
class ArchiveForm(Form):
    """Data sets of the UEA/UCR archive."""

    rank = 10
    expects = "series with a class or a number each: NAME_TRAIN.ts and NAME_TEST.ts, or .arff"

    def look(self, source: Source, asked: Asked) -> Found | None:
        if source.file.suffix.lower() not in ENDINGS:
            return None
        data = TimeSeriesArchive(source.root)
        data.setup("fit")
        cases = [*data.cases("train"), *data.cases("val")]
        lengths = [len(case.values) for case in cases]
        width, batch = data.sizes["input_size"], batch_for(len(cases))
        facts = [f"{counted(width, 'dimension')}, {min(lengths):,} to {max(lengths):,} steps."]
        facts += balance(Counter(str(case.label) for case in cases)) if data.labels else []
        recipe: dict[str, Any] = {
            "seed_everything": 1,
            "model": classifier(len(cases), "mean") if data.labels else regressor(len(cases), "mean"),
            "data": {
                "class_path": "TimeSeriesArchive",
                "init_args": {"root": str(source.root), "batch_size": batch},
            },
            "trainer": trainer(epochs_for(len(cases), batch), patience=15),
        }
        kind = "class" if data.labels else "number"
        count = counted(len(cases), "series", "series")
        return Found(
            what=f"Series with a {kind} each: {count} of {source.file.name}",
            facts=tuple(facts),
            guesses=(f"A fifth of them is held out for validation; tested on {data.path('TEST').name}.",),
            recipe=recipe,
            comments={"model.init_args.network.pooling": "all steps count alike", "trainer.callbacks": STOPS},
        )
