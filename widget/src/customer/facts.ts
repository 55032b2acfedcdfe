/** What the browser tells of the customer's system, for the technician. */

type Hints = {
  brands?: { brand: string; version: string }[];
  platform?: string;
  getHighEntropyValues?: (names: string[]) => Promise<{ platformVersion?: string }>;
};

const BROWSERS = /(Edg|OPR|SamsungBrowser|Firefox|FxiOS|CriOS|Chrome|Version)\/([\d.]+)/g;
const NAMES: Record<string, string> = {
  Edg: "Edge",
  OPR: "Opera",
  FxiOS: "Firefox",
  CriOS: "Chrome",
  Version: "Safari",
};

const browser = (agent: string, hints: Hints | undefined): string => {
  const brand = hints?.brands?.find(({ brand }) => !/not.?a.?brand|chromium/i.test(brand.replace(/[^\w]/g, ".")));
  if (brand) return `${brand.brand} ${brand.version}`;
  const found = [...agent.matchAll(BROWSERS)];
  const [, name = "", version = ""] =
    found.find(([, each]) => each !== "Chrome" && each !== "Version") ?? found[0] ?? [];
  return `${NAMES[name] ?? name} ${version}`.trim();
};

const system = async (agent: string, hints: Hints | undefined): Promise<string> => {
  const more = await hints?.getHighEntropyValues?.(["platformVersion"]).catch(() => undefined);
  if (hints?.platform) return `${hints.platform} ${more?.platformVersion ?? ""}`.trim();
  return /\(([^)]*)\)/.exec(agent)?.[1] ?? "";
};

export const facts = async (): Promise<Record<string, string>> => {
  const hints = (navigator as Navigator & { userAgentData?: Hints }).userAgentData;
  const agent = navigator.userAgent;
  return {
    system: await system(agent, hints),
    browser: browser(agent, hints),
    language: navigator.language,
    screen: `${screen.width}×${screen.height} @${devicePixelRatio}`,
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
};
