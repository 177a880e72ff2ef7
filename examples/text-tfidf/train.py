"""Trains which language a sentence is in, on the translations that Django ships (BSD-3-Clause): TF-IDF of characters, logistic regression.

Writes language.onnx (the regression alone), vocabulary.json (for the step `tfidf`), examples.jsonl with scikit-learn's own answers, metrics.json.
"""

import gettext
import json
import random
from pathlib import Path

import django
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

HERE = Path(__file__).resolve().parent
LANGUAGES = {"de": "German", "en": "English", "es": "Spanish", "fr": "French", "id": "Indonesian", "it": "Italian", "nl": "Dutch", "pl": "Polish",
             "pt": "Portuguese", "sv": "Swedish", "tr": "Turkish", "vi": "Vietnamese"}


def sentences():
    found = set()
    for code, language in LANGUAGES.items():
        for file in sorted(Path(django.__file__).parent.glob(f"**/locale/{code}/LC_MESSAGES/django.mo")):
            with open(file, "rb") as stream:
                catalog = gettext.GNUTranslations(stream)._catalog
            for key, value in catalog.items():
                # English is what is translated.
                text = key[0] if code == "en" and isinstance(key, tuple) else key if code == "en" else value
                for line in str(text).splitlines():
                    if 15 <= len(line.strip()) <= 160 and "%" not in line and "{" not in line:
                        found.add((line.strip(), language))
    if not any(language == "English" for _, language in found):
        with open(next(Path(django.__file__).parent.glob("contrib/admin/locale/de/LC_MESSAGES/django.mo")), "rb") as stream:
            for key in gettext.GNUTranslations(stream)._catalog:
                found.add((str(key[0] if isinstance(key, tuple) else key), "English"))
    rows = sorted(found)
    random.Random(3).shuffle(rows)
    return rows


rows = sentences()
held = len(rows) // 5
texts, languages = zip(*rows)
vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 3), max_features=2000, sublinear_tf=True)
features = vectorizer.fit_transform(texts[held:])
model = LogisticRegression(C=20, max_iter=1000).fit(features, languages[held:])
accuracy = model.score(vectorizer.transform(texts[:held]), languages[:held])

weights = numpy_helper.from_array(np.ascontiguousarray(model.coef_.T), "weights")
bias = numpy_helper.from_array(model.intercept_, "bias")
width, count = model.coef_.T.shape
graph = helper.make_graph(
    [helper.make_node("MatMul", ["features", "weights"], ["product"]), helper.make_node("Add", ["product", "bias"], ["logits"])],
    "language",
    [helper.make_tensor_value_info("features", TensorProto.DOUBLE, ["N", width])],
    [helper.make_tensor_value_info("logits", TensorProto.DOUBLE, ["N", count])],
    [weights, bias],
)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), HERE / "language.onnx")
vocabulary = {term: int(at) for term, at in sorted(vectorizer.vocabulary_.items())}
content = {"vocabulary": vocabulary, "idf": vectorizer.idf_.tolist()}
(HERE / "vocabulary.json").write_text(json.dumps(content, ensure_ascii=False) + "\n")
with open(HERE / "examples.jsonl", "w") as stream:
    for text in [*texts[:40], "Where is the train station?", "Où est la gare, s'il vous plaît ?", "Straße", ""]:
        probabilities = model.predict_proba(vectorizer.transform([text]))[0]
        outputs = {"language": model.predict(vectorizer.transform([text]))[0], "probabilities": dict(zip(model.classes_, probabilities.tolist()))}
        stream.write(json.dumps({"inputs": {"text": text}, "outputs": outputs}, ensure_ascii=False) + "\n")
(HERE / "metrics.json").write_text(f'{{ "accuracy": {round(accuracy, 4)}, "held_out": {held} }}\n')
print(len(rows), "sentences", json.dumps(list(model.classes_)), accuracy)
