/** The few words that are ours, not the author's. */

export interface Words {
  count(step: number, of: number): string;
  next: string;
  back: string;
  done: string;
  got_it: string;
  skip: string;
  close: string;
  more: string;
  later: string;
  never: string;
  no_tips: string;
  waiting: string;
  missing: string;
}

const EN: Words = {
  count: (step, of) => `Step ${step} of ${of}`,
  next: "Next",
  back: "Back",
  done: "Done",
  got_it: "Got it",
  skip: "Skip",
  close: "Close",
  more: "More choices",
  later: "Later",
  never: "Don't show this again",
  no_tips: "Turn all tips off",
  waiting: "Waiting for the page",
  missing: "This step points at something that is not on your screen, so here it is in words.",
};

const ZH: Words = {
  count: (step, of) => `第 ${step} 步，共 ${of} 步`,
  next: "下一步",
  back: "上一步",
  done: "完成",
  got_it: "知道了",
  skip: "跳过",
  close: "关闭",
  more: "更多选项",
  later: "稍后提醒",
  never: "不再显示",
  no_tips: "关闭所有提示",
  waiting: "正在等待页面",
  missing: "此步骤指向的内容不在当前页面，以下为文字说明。",
};

export const wordsFor = (lang: string): Words => (/^zh/i.test(lang) ? ZH : EN);
