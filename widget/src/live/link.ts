/** One WebRTC connection between a customer's page and a technician's page.
 *
 * The customer's side offers, once: one video that it sends, one audio both ways, one data channel. Sharing, stopping
 * and speaking only replace tracks. The offer, the answer and the candidates bear the connection's id, as a page that
 * meets again makes a fresh connection, and late signals of the old one must not reach it.
 */

import { atMost, type Note, pacedSender, parse } from "./pointer";
import type { Ice } from "./wire";

const BATCH_MS = 40;
const PATIENCE_MS = 4_000; // a connection that is interrupted often comes back by itself
const MOST_RESTARTS = 2;
// A browser itself may try for ever, as after a restart without any candidate. The technician's side waits for all tries.
const CONNECTS_WITHIN_MS = 15_000;
const GIVES_UP_AFTER_MS = CONNECTS_WITHIN_MS * (MOST_RESTARTS + 2);
export const FRAMES = 15; // a second
const CODECS = ["video/VP9", "video/VP8"];

/** `direct` and `relay` are connected; `failed`, with a relay, and `no_relay`, without one, have been given up. */
export type Path = "connecting" | "direct" | "relay" | "failed" | "no_relay";

export const isLost = (path: Path | null | undefined): boolean => path === "failed" || path === "no_relay";

export type LinkHeard = {
  send: (kind: "offer" | "answer" | "ice" | "bye", body: string) => void;
  path: (path: Path) => void;
  note: (note: Note) => void;
  /** The data channel is open: notes can be sent from now on. */
  open: () => void;
  /** A track of the other side; there is one of each kind. */
  track: (track: MediaStreamTrack) => void;
  /** New servers with new credentials, for a restart. */
  ice: () => Promise<Ice | null>;
};

export type Link = {
  id: string;
  born: number;
  path: () => Path;
  /** An answer, or candidates, of the other side; what belongs to another connection is ignored. */
  take: (kind: string, body: string) => void;
  replace: (kind: "video" | "audio", track: MediaStreamTrack | null) => void;
  note: (note: Note) => void;
  /** `say`: tell the other page, which otherwise knows by itself. */
  close: (say: boolean) => void;
};

type Body = { c: string; sdp?: string; ice?: RTCIceCandidateInit[] };

export const bodyOf = (text: string): Body | null => {
  try {
    const body = JSON.parse(text) as Partial<Body> | null;
    return typeof body?.c === "string" ? (body as Body) : null;
  } catch {
    return null;
  }
};

const configuration = ({ servers, relay_only }: Ice): RTCConfiguration => ({
  iceServers: servers,
  iceTransportPolicy: relay_only ? "relay" : "all",
  bundlePolicy: "max-bundle",
});

const rank = ({ mimeType }: { mimeType: string }): number => [...CODECS, mimeType].indexOf(mimeType);

const preferCodecs = (video: RTCRtpTransceiver): void => {
  const codecs = RTCRtpReceiver.getCapabilities?.("video")?.codecs;
  if (!codecs || !video.setCodecPreferences) return;
  try {
    video.setCodecPreferences([...codecs].sort((one, other) => rank(one) - rank(other)));
  } catch {
    // The browser's own order does as well.
  }
};

/** Text on a screen must stay sharp: fewer frames rather than fewer pixels. */
const keepSharp = async (sender: RTCRtpSender): Promise<void> => {
  const parameters = sender.getParameters();
  parameters.degradationPreference = "maintain-resolution";
  for (const encoding of parameters.encodings ?? []) encoding.maxFramerate = FRAMES;
  await sender.setParameters(parameters);
};

const isRelayed = async (connection: RTCPeerConnection): Promise<boolean> => {
  const found = new Map<string, Record<string, unknown>>();
  for (const [id, one] of (await connection.getStats()) as unknown as Map<string, Record<string, unknown>>)
    found.set(id, one);
  const transport = [...found.values()].find((one) => one.type === "transport");
  const pairs = [...found.values()].filter((one) => one.type === "candidate-pair" && one.state === "succeeded");
  const pair = found.get(String(transport?.selectedCandidatePairId)) ?? pairs.find((one) => one.nominated);
  const ends = [pair?.localCandidateId, pair?.remoteCandidateId].map((id) => found.get(String(id)));
  return ends.some((end) => end?.candidateType === "relay");
};

const hasRelay = ({ servers }: Ice): boolean => servers.some(({ username }) => username);

/** `offer` is null on the customer's side, and the customer's offer on the technician's. */
export const connect = (ice: Ice, offer: Body | null, heard: LinkHeard): Link => {
  const connection = new RTCPeerConnection(configuration(ice));
  const id = offer?.c ?? Array.from(crypto.getRandomValues(new Uint8Array(8))).join(".");
  const allowed = atMost();
  const senders = new Map<string, RTCRtpSender>();
  let notes: RTCDataChannel | undefined;
  const lost: Path = hasRelay(ice) ? "failed" : "no_relay";
  const hopeless = ice.relay_only && lost === "no_relay";
  let path: Path = hopeless ? lost : "connecting";
  let restarts = 0;
  let patience = 0;
  let limit = 0;
  let closed = false;
  let batch: RTCIceCandidateInit[] = [];
  let order: Promise<void> = Promise.resolve();

  const go = (now: Path): void => {
    if (closed || now === path) return;
    path = now;
    heard.path(now);
  };

  const send = (kind: "offer" | "answer" | "ice", rest: Omit<Body, "c">): void => {
    if (!closed) heard.send(kind, JSON.stringify({ c: id, ...rest }));
  };

  /** Does one thing after the other, as candidates must wait for the description. */
  const then = (act: () => Promise<void>): void => {
    order = order.then(() => (closed ? undefined : act())).catch(() => undefined);
  };

  const describe = async (kind: "offer" | "answer"): Promise<void> => {
    await connection.setLocalDescription();
    send(kind, { sdp: connection.localDescription?.sdp ?? "" });
  };

  const unlimited = (): void => {
    clearTimeout(limit);
    limit = 0;
  };

  const limited = (): void => {
    unlimited();
    limit = setTimeout(() => (offer ? go(lost) : restart()), offer ? GIVES_UP_AFTER_MS : CONNECTS_WITHIN_MS);
  };

  const restart = (): void => {
    if (offer || hopeless) return; // the customer's page does, or this page says hello again
    unlimited();
    if (restarts >= MOST_RESTARTS) {
      go(lost);
      return;
    }
    restarts += 1;
    go("connecting");
    then(async () => {
      const now = await heard.ice();
      if (now) connection.setConfiguration(configuration(now));
      connection.restartIce();
      limited();
      await describe("offer");
    });
  };

  const changed = async (): Promise<void> => {
    clearTimeout(patience);
    const state = connection.connectionState;
    if (state === "connected") {
      unlimited();
      restarts = 0;
      go((await isRelayed(connection)) ? "relay" : "direct");
    }
    if ((state === "connecting" || (state === "disconnected" && offer)) && !limit) limited();
    if (state === "disconnected" && !offer) patience = setTimeout(restart, PATIENCE_MS);
    if (state === "failed" && offer) go(lost);
    if (state === "failed" && !offer) restart();
  };

  const paced = pacedSender((text) => {
    if (notes?.readyState === "open") notes.send(text);
  });

  const listen = (channel: RTCDataChannel): void => {
    notes = channel;
    channel.onopen = () => heard.open();
    channel.onmessage = ({ data }) => {
      const note = allowed() ? parse(data) : null;
      if (note) heard.note(note);
    };
  };

  const flush = (): void => {
    if (batch.length) send("ice", { ice: batch });
    batch = [];
  };
  connection.onicecandidate = ({ candidate }) => {
    if (!candidate?.candidate) return;
    if (!batch.length) setTimeout(flush, BATCH_MS);
    batch.push(candidate.toJSON());
  };
  connection.onconnectionstatechange = () => void changed();
  connection.ontrack = ({ track }) => heard.track(track);

  const answer = async (sdp: string): Promise<void> => {
    await connection.setRemoteDescription({ type: "offer", sdp });
    for (const one of connection.getTransceivers()) {
      if (one.receiver.track.kind !== "audio") continue;
      one.direction = "sendrecv";
      senders.set("audio", one.sender);
    }
    await describe("answer");
  };

  limited();
  if (offer) {
    connection.ondatachannel = ({ channel }) => listen(channel);
    then(() => answer(offer.sdp ?? ""));
  } else {
    const video = connection.addTransceiver("video", { direction: "sendonly" });
    preferCodecs(video);
    senders.set("video", video.sender);
    senders.set("audio", connection.addTransceiver("audio", { direction: "sendrecv" }).sender);
    listen(connection.createDataChannel("pointer"));
    then(() => describe("offer"));
  }

  return {
    id,
    born: performance.now(),
    path: () => path,
    take: (kind, text) => {
      const body = bodyOf(text);
      if (body?.c !== id) return;
      if (kind === "answer") then(() => connection.setRemoteDescription({ type: "answer", sdp: body.sdp ?? "" }));
      if (kind === "offer") then(() => answer(body.sdp ?? ""));
      if (kind !== "ice" || !Array.isArray(body.ice)) return;
      for (const candidate of body.ice) then(() => connection.addIceCandidate(candidate));
    },
    replace: (kind, track) =>
      then(async () => {
        const sender = senders.get(kind);
        await sender?.replaceTrack(track);
        if (sender && track && kind === "video") await keepSharp(sender);
      }),
    note: paced,
    close: (say) => {
      if (closed) return;
      if (say) heard.send("bye", JSON.stringify({ c: id }));
      closed = true;
      clearTimeout(patience);
      unlimited();
      connection.close();
    },
  };
};
