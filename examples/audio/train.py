"""Trains a small network that tells five sounds apart by their log-mel spectrogram. The sounds are synthesised here: nothing is downloaded.
Exports ONNX, and writes clips with the outputs that PyTorch and torchaudio give for them."""

import base64
import json
import pathlib
import wave

import numpy as np
import torch
import torchaudio
from torch import nn

here = pathlib.Path(__file__).parent
torch.manual_seed(0)
torch.set_num_threads(1)
rng = np.random.default_rng(0)
rate, seconds = 16000, 0.5
kinds = ["hum", "buzz", "chirp", "hiss", "clicks"]


def sound(kind, rate):
    time = np.arange(int(rate * seconds)) / rate
    pitch = rng.uniform(90, 900)
    phase = 2 * np.pi * pitch * time + rng.uniform(0, 6)
    if kind == "hum":
        wave = np.sin(phase) + 0.3 * np.sin(2 * phase)
    elif kind == "buzz":
        wave = np.sign(np.sin(phase)) * 0.7
    elif kind == "chirp":
        wave = np.sin(phase + 2 * np.pi * rng.uniform(800, 4000) * time**2)
    elif kind == "hiss":
        wave = rng.standard_normal(time.size) * 0.5
    else:
        wave = (np.sin(2 * np.pi * rng.uniform(8, 25) * time) > 0.97) * rng.standard_normal(time.size)
    wave = wave * rng.uniform(0.1, 0.9) + rng.standard_normal(time.size) * 10 ** rng.uniform(-4, -2)
    return np.clip(wave, -1, 1).astype(np.float32)


# What ingot.yaml declares under `preprocess`, in torchaudio's words.
mel = torchaudio.transforms.MelSpectrogram(rate, n_fft=512, hop_length=256, n_mels=32)
to_db = torchaudio.transforms.AmplitudeToDB("power", 80)
prepare = lambda waveform: to_db(mel(waveform))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(32, 24, 3, padding=1), nn.ReLU(), nn.MaxPool1d(2), nn.Conv1d(24, 24, 3, padding=1), nn.ReLU(),
            nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(24, len(kinds)),
        )

    def forward(self, spectrogram):
        return self.layers((spectrogram + 40) / 40)


network = Network()
sounds = lambda count: [(prepare(torch.tensor(sound(kind, rate))), label) for _ in range(count) for label, kind in enumerate(kinds)]
train, test = sounds(160), sounds(40)
inputs, labels = torch.stack([x for x, _ in train]), torch.tensor([y for _, y in train])
optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
for epoch in range(40):
    for part in torch.randperm(len(inputs)).split(50):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(inputs[part]), labels[part]).backward()
        optimizer.step()
network.eval()
with torch.no_grad():
    right = [int(network(x[None]).argmax()) == y for x, y in test]
print(f"accuracy on {len(test)} sounds: {np.mean(right):.3f}")

torch.onnx.export(
    network, inputs[:1], here / "sounds.onnx", opset_version=17, input_names=["clip"], output_names=["logits"],
    dynamic_axes={"clip": {0: "N", 2: "frames"}, "logits": {0: "N"}},
)


def save(name, signal, recorded):
    with wave.open(str(here / name), "wb") as file:
        file.setparams((1, 2, recorded, 0, "NONE", ""))
        file.writeframes((signal * 32767).astype("<i2").tobytes())


# The clips are recorded at 22,050 samples a second: the package resamples them.
recorded, lines = 22050, []
for kind in kinds:
    name = f"clips/{kind}.wav"
    save(name, sound(kind, recorded), recorded)
    with wave.open(str(here / name)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / np.float32(32768)
    waveform = torchaudio.functional.resample(torch.tensor(samples.astype(np.float32)), recorded, rate)
    with torch.no_grad():
        probabilities = network(prepare(waveform)[None]).softmax(1)[0]
    outputs = {"sound": kinds[int(probabilities.argmax())], "probabilities": {k: float(p) for k, p in zip(kinds, probabilities)}}
    lines.append(json.dumps({"inputs": {"clip": base64.b64encode((here / name).read_bytes()).decode()}, "outputs": outputs}))
(here / "examples.jsonl").write_text("\n".join(lines) + "\n")
(here / "metrics.json").write_text(json.dumps({"accuracy": round(float(np.mean(right)), 4)}) + "\n")
