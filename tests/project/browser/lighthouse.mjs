// Run Lighthouse on a list of pages: `node lighthouse.mjs CHROME PAGES`.
//
// PAGES is a JSON list of {url, categories, cookie}. Prints one JSON object for each page, with the
// scores and the audits that lose points.
import {launch} from 'chrome-launcher';
import lighthouse from 'lighthouse';

const [chromePath, pages] = process.argv.slice(2);
const start = () => launch({
  chromePath,
  chromeFlags: ['--headless=new', '--no-sandbox', '--ignore-certificate-errors'],
});
let chrome = await start();

// Only performance needs the pauses in which Lighthouse waits for a page to become quiet.
const WITHOUT_PAUSES = {
  pauseAfterFcpMs: 0,
  pauseAfterLoadMs: 0,
  networkQuietThresholdMs: 0,
  cpuQuietThresholdMs: 0,
};

async function judge({url, categories, cookie}) {
  const {lhr} = await lighthouse(url, {
    ...(categories.includes('performance') ? {} : WITHOUT_PAUSES),
    port: chrome.port,
    onlyCategories: categories,
    // The page loads as fast as this machine can, and only a performance score is calculated for
    // Lighthouse's phone. With 'provided', Lighthouse waits for 5 s more on every page.
    throttlingMethod: 'simulate',
    extraHeaders: cookie ? {Cookie: cookie} : {},
    disableFullPageScreenshot: true,
    logLevel: 'error',
  });
  const lost = [];
  for (const category of Object.values(lhr.categories)) {
    for (const {id, weight} of category.auditRefs) {
      const audit = lhr.audits[id];
      if (weight > 0 && audit.score !== null && audit.score < 1) {
        lost.push({id, title: audit.title, details: audit.details?.items?.slice(0, 5)});
      }
    }
  }
  const scores = Object.fromEntries(
    Object.entries(lhr.categories).map(([id, {score}]) => [id, Math.round(score * 100)]),
  );
  const metrics = Object.fromEntries(
    ['first-contentful-paint', 'largest-contentful-paint', 'total-blocking-time',
      'cumulative-layout-shift', 'total-byte-weight']
      .filter((id) => lhr.audits[id])
      .map((id) => [id, lhr.audits[id].numericValue]),
  );
  return {url: lhr.finalDisplayedUrl, scores, lost, metrics};
}

try {
  for (const [index, page] of JSON.parse(pages).entries()) {
    // Chrome drops the header with the cookie once a page has set cookies, so start it again.
    if (page.cookie && index > 0) {
      await chrome.kill();
      chrome = await start();
    }
    console.log(JSON.stringify(await judge(page)));
  }
} finally {
  chrome.kill();
}
