/** Sounds of a page: two tones that tell of news, and the level of a voice. */

const TONES = [
  [880, 0],
  [1318.5, 0.16],
] as const; // hertz, seconds
const LOUD = 0.12;
const FADES_S = 0.45;
const LEVEL_MS = 100;

let audio: AudioContext | undefined;

/** Enables sound, which browsers allow only after an action of the user in the page. */
export const wake = (): void => {
  audio ??= new AudioContext();
  void audio.resume();
};

/** Plays the tones, once `wake` has enabled them. */
export const ring = (): void => {
  if (audio?.state !== "running") return;
  for (const [pitch, after] of TONES) {
    const tone = new OscillatorNode(audio, { frequency: pitch });
    const volume = new GainNode(audio, { gain: 0 });
    const begin = audio.currentTime + after;
    volume.gain.setValueAtTime(0, begin);
    volume.gain.linearRampToValueAtTime(LOUD, begin + 0.01);
    volume.gain.exponentialRampToValueAtTime(0.0001, begin + FADES_S);
    tone.connect(volume).connect(audio.destination);
    tone.start(begin);
    tone.stop(begin + FADES_S);
  }
};

/** Calls `show` with the loudness of a voice, from 0 to 1, until the returned function is called. */
export const level = (stream: MediaStream, show: (loud: number) => void): (() => void) => {
  wake();
  if (!audio) return () => undefined;
  const source = audio.createMediaStreamSource(stream);
  const ear = new AnalyserNode(audio, { fftSize: 512 });
  const samples = new Float32Array(ear.fftSize);
  source.connect(ear);
  const timer = setInterval(() => {
    ear.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    show(Math.min(1, Math.sqrt(power) * 4));
  }, LEVEL_MS);
  return () => {
    clearInterval(timer);
    source.disconnect();
    show(0);
  };
};

/** Whether `ring` is heard. */
export const ringing = (): boolean => audio?.state === "running";
