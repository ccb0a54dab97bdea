"""A module `lm_eval` that plays back what the real one returned (tests/fixtures/lm_eval/record.py)."""

import copy
import hashlib
import json
import sys
from types import ModuleType, SimpleNamespace

from places import ROOT

FOLDER = ROOT / "tests" / "fixtures" / "lm_eval"


class Model:
    """A model that was made once."""

    world_size = 1
    made = 0

    def __init__(self, pretrained):
        type(self).made += 1
        self.pretrained = pretrained

    @classmethod
    def create_from_arg_string(cls, text, settings):
        assert set(settings) == {"batch_size", "max_batch_size", "device"}
        return cls(text.removeprefix("pretrained="))

    @classmethod
    def create_from_arg_obj(cls, mapping, settings):
        return cls.create_from_arg_string(mapping["pretrained"], settings)


class Manager:
    def __init__(self, metadata=None):
        self.metadata = metadata

    def load(self, tasks):
        names = ["sums_open", "sums_choice"] if tasks == ["sums"] else tasks
        return {"tasks": {str(name): task(name) for name in names}, "groups": {}}


def recorded():
    return json.loads((FOLDER / "recorded.json").read_text())


def task(name):
    samples = next(iter(recorded().values()))["samples"][name]
    documents = {row["doc_id"]: row["doc"] for row in samples}
    return SimpleNamespace(config=SimpleNamespace(task=name), eval_docs=[documents[k] for k in sorted(documents)])


def install(monkeypatch):
    """Put the recorded lm_eval in place of a real one; return the arguments of its calls."""
    calls, runs = [], recorded()

    def simple_evaluate(model, tasks, samples=None, model_args=None, **options):
        calls.append({"model": model, "tasks": tasks, "samples": samples, **options})
        name = model.pretrained if isinstance(model, Model) else model_args.removeprefix("pretrained=")
        results = copy.deepcopy(runs[name])
        names = [each if isinstance(each, str) else each.config.task for each in tasks]
        kept = {each: None if samples is None else samples[each] for each in names}
        assert all(positions is None or positions == sorted(positions) for positions in kept.values())
        results["samples"] = {
            each: [row for row in results["samples"][each] if positions is None or row["doc_id"] in positions]
            for each, positions in kept.items()
        }
        if isinstance(model, Model):
            results["config"] |= {"model": "Model", "model_args": None}
        return results

    modules = {
        "lm_eval": {"simple_evaluate": simple_evaluate},
        "lm_eval.tasks": {"TaskManager": Manager},
        "lm_eval.utils": {
            "hash_string": lambda text: hashlib.sha256(text.encode()).hexdigest(),
            "handle_non_serializable": str,
        },
        "lm_eval.api": {},
        "lm_eval.api.registry": {"get_model": lambda name: Model},
    }
    for name, content in modules.items():
        module = ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    Model.made = 0
    return calls
