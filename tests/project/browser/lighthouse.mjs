// Lighthouse on a list of pages: `node lighthouse.mjs CHROME CATEGORIES URL [COOKIE]`.
//
// Prints one JSON object: the scores, and the audits that cost points. One page a call, since a
// signed-in page needs its cookie and the others must not have it.
import {launch} from 'chrome-launcher';
import lighthouse from 'lighthouse';

const [chromePath, categories, url, cookie] = process.argv.slice(2);
const chrome = await launch({
  chromePath,
  chromeFlags: ['--headless=new', '--no-sandbox', '--ignore-certificate-errors'],
});
try {
  const result = await lighthouse(url, {
    port: chrome.port,
    onlyCategories: categories.split(','),
    // As fast as this machine goes; a score of performance is measured with Lighthouse's own phone.
    throttlingMethod: categories.includes('performance') ? 'simulate' : 'provided',
    extraHeaders: cookie ? {Cookie: cookie} : {},
    logLevel: 'error',
  });
  const {lhr} = result;
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
  console.log(JSON.stringify({url: lhr.finalDisplayedUrl, scores, lost, metrics}));
} finally {
  chrome.kill();
}
