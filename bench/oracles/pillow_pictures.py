# writes fixture: pillow references
import json, hashlib, numpy as np
from PIL import Image, ImageEnhance
H,W=37,53
y,x=np.mgrid[0:H,0:W]
img=np.stack([(x*7+y*3)%256,(x*x+5*y)%256,((x^y)*9)%256],-1).astype(np.uint8)
im=Image.fromarray(img)
b=(5,4,45,33)
def h(a): return np.asarray(a).reshape(-1).tolist()
r={}
r['bilinear']=h(im.crop(b).resize((16,12),Image.BILINEAR))
r['bicubic']=h(im.crop(b).resize((16,12),Image.BICUBIC))
r['bicubicUp']=h(im.crop((10,10,18,16)).resize((16,12),Image.BICUBIC))
r['affine']=h(im.transform((16,12),Image.AFFINE,(0.9,0.4,-3.5,-0.3,1.1,2.25),Image.BILINEAR,fillcolor=(0,0,0)))
r['grayBilinear']=h(im.convert('L').crop(b).resize((16,12),Image.BILINEAR))
s=im.crop((0,0,16,12))
r['brightness']=h(ImageEnhance.Brightness(s).enhance(1.37)); r['contrast']=h(ImageEnhance.Contrast(s).enhance(0.63)); r['saturation']=h(ImageEnhance.Color(s).enhance(1.4))
def hue(im,f):
    h_,s_,v_=im.convert('HSV').split(); a=np.array(h_,dtype=np.uint8); a=a+np.uint8(int(f*255)%256)  # wraps
    return Image.merge('HSV',(Image.fromarray(a,'L'),s_,v_)).convert('RGB')
import warnings; warnings.filterwarnings('ignore')
with np.errstate(over='ignore'):
    r['hue']=h(hue(s,0.1)); r['hueBack']=h(hue(s,-0.07))
r['grey']=h(s.convert('L').convert('RGB'))
json.dump(r,open('/work/main/packages/data/src/native/pillow.fixture.json','w'),separators=(',',':'))
