"""Trains small classifiers and exports them as users do, ZipMap included; what must come out is scikit-learn's own prediction.

Needs scikit-learn 1.9, skl2onnx 1.20, pandas: python generate.py FOLDER writes *.onnx and cases.json there.
"""
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

folder = Path(sys.argv[1])
random = np.random.RandomState(3)
rows = random.randn(120, 4).astype(np.float32)
classes = np.digitize(rows @ [1, -1, 0.5, 0], [-0.8, 0.8])
names = np.array(["cat", "dog", "eel"])[classes]
types = [("X", FloatTensorType([None, 4]))]
cases = []


def add(name, model, types, given, inputs):
    """`given` is what the model predicts on, `inputs` the same as tensors."""
    onnx = convert_sklearn(model, initial_types=types, target_opset={"": 18, "ai.onnx.ml": 3, "com.microsoft": 1})
    (folder / f"{name}.onnx").write_bytes(onnx.SerializeToString())
    tensors = {
        key: {"type": kind, "dims": list(value.shape), "data": ["NaN" if x != x else x for x in value.ravel().tolist()]}
        for key, (kind, value) in inputs.items()
    }
    cases.append({
        "name": name,
        "inputs": tensors,
        "keys": model.classes_.tolist(),
        "labels": model.predict(given).tolist(),
        "probabilities": model.predict_proba(given).astype(np.float32).tolist(),
    })


for name, model, labels in [
    ("logistic", LogisticRegression(), classes),
    ("forest", RandomForestClassifier(5, max_depth=3, random_state=0), names),
    ("boosting", GradientBoostingClassifier(n_estimators=4, max_depth=2, random_state=0), classes > 0),
    ("svc", make_pipeline(StandardScaler(), SVC(probability=True, random_state=0)), names),
]:
    labels = labels.astype(np.int64) if labels.dtype == bool else labels
    add(name, model.fit(rows[:60], labels[:60]), types, rows[:5], {"X": ("float32", rows[:5])})

table = pd.DataFrame({"size": rows[:, 0], "color": random.choice(["red", "blue", "green"], 120), "count": random.randint(0, 4, 120)})
table.loc[1, "size"] = np.nan
columns = ColumnTransformer([
    ("number", make_pipeline(SimpleImputer(), StandardScaler()), ["size"]),
    ("word", OneHotEncoder(handle_unknown="ignore"), ["color"]),
    ("rest", "passthrough", ["count"]),
])
model = make_pipeline(columns, LogisticRegression()).fit(table[:60], names[:60])
given = table[:5].copy()
given.loc[2, "color"] = "purple"
add("columns", model,
    [("size", FloatTensorType([None, 1])), ("color", StringTensorType([None, 1])), ("count", Int64TensorType([None, 1]))],
    given, {
        "size": ("float32", given[["size"]].to_numpy(np.float32)),
        "color": ("string", given[["color"]].to_numpy(object)),
        "count": ("int64", given[["count"]].to_numpy(np.int64)),
    })

texts = np.array(["the quick brown fox", "lazy dogs bark", "a quick fox, and sly", "dogs are lazy", "brown dogs run", "foxes are quick"])
model = make_pipeline(TfidfVectorizer(token_pattern="[a-zA-Z]+"), LogisticRegression()).fit(texts, [1, 0, 1, 0, 0, 1])
add("text", model, [("X", StringTensorType([None, 1]))], texts[:4], {"X": ("string", texts[:4].reshape(-1, 1))})
(folder / "cases.json").write_text(json.dumps(cases, indent=1) + "\n")
